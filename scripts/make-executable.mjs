// Marks the built command as executable: tsc writes plain files, and npx runs the file itself.
import { chmodSync } from 'node:fs'

chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755)
