/** Starts the page. */
import { render } from 'preact'
import { Page, createApp } from './app.tsx'

const root = document.getElementById('page')
if (root !== null) render(<Page app={createApp(new URL('.', location.href).href)} />, root)
