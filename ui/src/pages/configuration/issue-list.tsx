import { TriangleAlert } from 'lucide-react';
import type { Issue } from './api';

/** What is wrong, and where. */
export function IssueList({ title, issues, bad }: { title: string; issues: readonly Issue[]; bad?: boolean }) {
  return (
    <div
      className={`rounded-md px-3 py-2 text-sm ${bad ? 'bg-bad-wash' : 'bg-warn-wash'}`}
      role={bad ? 'alert' : undefined}
    >
      <p className="flex items-center gap-2 font-medium">
        <TriangleAlert aria-hidden className={`size-4 ${bad ? 'text-bad' : 'text-warn'}`} />
        {title}
      </p>
      <ul className="mt-1 grid gap-1 pl-6">
        {issues.map((issue) => (
          <li key={`${issue.path} ${issue.message}`} className="break-words">
            {issue.path && <span className="font-mono text-xs">{issue.path}</span>} {issue.message}
          </li>
        ))}
      </ul>
    </div>
  );
}
