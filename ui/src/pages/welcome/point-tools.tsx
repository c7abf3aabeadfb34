import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { CopyBlock } from '@/components/copy-button';
import { Failed, Loaded } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Tabs } from '@/components/ui/tabs';
import { ToolHere } from './tool-here';

interface Rendered {
  app: string;
  command: string;
  files: { path: string; name: string; content: string }[];
}

const tools = [
  { id: 'claude', label: 'Claude Code' },
  { id: 'codex', label: 'Codex' },
  { id: 'gemini', label: 'Gemini CLI' },
];
const HIDDEN = 'YOUR-API-KEY';

/** A key, and what to put where so that tools come here. */
export function PointTools() {
  const { t } = useTranslation('welcome');
  const queries = useQueryClient();
  const [shown, setShown] = useState('claude');
  const mayMake = usePermission('keys.manage');
  const make = useMutation({
    mutationFn: (name: string) => rest.post<{ key: string }>('/api/keys', { body: { name } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['rest', 'keys'] }),
  });
  const key = make.data?.key;
  return (
    <div className="grid gap-4">
      {mayMake && !key && (
        <div className="flex flex-wrap items-center gap-3">
          <Button busy={make.isPending} onClick={() => make.mutate('my-tools')}>
            <KeyRound aria-hidden />
            {t('tools.makeKey')}
          </Button>
          <p className="text-ink-soft text-sm">{t('tools.keyText')}</p>
        </div>
      )}
      {make.isError && <Failed error={make.error} />}
      {key && (
        <div className="grid gap-1.5">
          <p className="font-medium text-sm">{t('tools.keyOnce')}</p>
          <CopyBlock text={key} label={t('tools.copyKey')} />
        </div>
      )}
      <Tabs
        value={shown}
        onChange={setShown}
        tabs={[
          ...tools.map((tool) => ({
            ...tool,
            content: <ForTool tool={tool.id} label={tool.label} secret={key ?? HIDDEN} />,
          })),
          { id: 'other', label: t('tools.other'), content: <Other secret={key ?? HIDDEN} /> },
        ]}
      />
    </div>
  );
}

function ForTool({ tool, label, secret }: { tool: string; label: string; secret: string }) {
  const { t } = useTranslation('welcome');
  const rendered = useQuery({
    queryKey: ['rest', 'cli-render', tool],
    // The key is put in here, not asked about: it stays in this page.
    queryFn: ({ signal }) =>
      rest.post<Rendered>('/api/proxy/cli/render', { body: { app: tool, proxyUrl: location.origin }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={rendered}>
      {({ command, files }) => (
        <div className="grid gap-3">
          <ToolHere tool={tool} label={label} />
          <p className="text-sm">{t('tools.command')}</p>
          <CopyBlock text={command.replaceAll(HIDDEN, secret)} />
          <details>
            <summary className="font-medium text-ink-soft text-sm">{t('tools.byHand')}</summary>
            <div className="mt-3 grid gap-3">
              {files.map((file) => (
                <div key={file.path} className="grid gap-1">
                  <p className="font-mono text-ink-soft text-xs">{file.path}</p>
                  <CopyBlock text={file.content.trimEnd().replaceAll(HIDDEN, secret)} />
                </div>
              ))}
            </div>
          </details>
        </div>
      )}
    </Loaded>
  );
}

function Other({ secret }: { secret: string }) {
  const { t } = useTranslation('welcome');
  const lines = [
    [t('tools.openai'), `${location.origin}/v1`],
    [t('tools.anthropic'), location.origin],
    [t('tools.gemini'), location.origin],
    [t('tools.key'), secret],
  ] as const;
  return (
    <dl className="grid gap-3">
      {lines.map(([name, value]) => (
        <div key={name} className="grid gap-1">
          <dt className="text-sm">{name}</dt>
          <dd>
            <CopyBlock text={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
