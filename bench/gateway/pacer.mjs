// Sleeps to fractions of a millisecond and says when it wakes: timers of Node only know whole milliseconds, which is as long as
// what is measured. Data: due times in milliseconds after the start.
import { parentPort, workerData } from 'node:worker_threads'

const lock = new Int32Array(new SharedArrayBuffer(4))
parentPort.once('message', () => {
  const started = performance.now()
  for (const due of workerData) {
    const left = due - (performance.now() - started)
    if (left > 0) Atomics.wait(lock, 0, 0, left)
    parentPort.postMessage(0)
  }
})
