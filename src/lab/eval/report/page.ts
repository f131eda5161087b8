/**
 * The frame of every report page: one file that stands alone, with its style inside, no script and no request, and a policy that forbids
 * both. What stands in it is the caller's.
 */
import { html, type Markup } from './markup.ts'
import { STYLE } from './style.ts'

export interface Page {
  /** Of the window, and the heading unless there is another. */
  readonly title: string
  readonly heading?: string
  /** What was measured, in a sentence or two below the heading. */
  readonly about: Markup
  /** Links to sections. */
  readonly sections?: readonly Markup[]
  readonly main: Markup
  readonly footer: Markup
}

export function renderPage({ title, heading = title, about, sections = [], main, footer }: Page): string {
  const style: Markup = { markup: `<style>${STYLE}</style>` }
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="generator" content="parapet" />
        <title>${title}</title>
        ${style}
      </head>
      <body>
        <header class="page">
          <h1>${heading}</h1>
          <p class="muted">${about}</p>
          ${
            sections.length === 0
              ? null
              : html`<nav aria-label="Sections">
                  <ul>
                    ${sections}
                  </ul>
                </nav>`
          }
        </header>
        <main>${main}</main>
        <footer>${footer}</footer>
      </body>
    </html> `.markup
}
