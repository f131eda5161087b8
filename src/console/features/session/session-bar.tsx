/** Who the page is to the gateway, at the head of the page. */
import type { VNode } from 'preact'
import type { SessionBody } from '../../../contract/index.ts'
import { toLine } from '../../ui/visible.ts'

interface SessionBarProps {
  readonly session: SessionBody
  readonly onForget: () => void
}

export function SessionBar({ session, onForget }: SessionBarProps): VNode {
  const { keyed, key, role, policyVersion, recording } = session
  return (
    <div class="session">
      <span class="fact">
        policy <span class="code">{toLine(policyVersion.slice(0, 8))}</span>
      </span>
      <span class="fact">{recording ? 'decisions are recorded' : 'decisions are not recorded'}</span>
      <span class="fact">
        {keyed ? (
          <>
            key <bdi class="code">{toLine(key ?? '', 32)}</bdi>, {role}
          </>
        ) : (
          'no keys: this machine only'
        )}
      </span>
      {keyed ? (
        <button type="button" class="small" onClick={onForget}>
          Forget key
        </button>
      ) : null}
    </div>
  )
}
