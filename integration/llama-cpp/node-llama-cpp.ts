/** `node-llama-cpp` as installed in this folder, for programs elsewhere in the repository that find none. */
export const loadNodeLlamaCpp = (): Promise<unknown> => import('node-llama-cpp')
