import { Star, Trash2 } from 'lucide-react';
import type { FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useGo } from '@/app/links';
import { control } from '@/client/control';
import type { AgentList } from '@/client/control-types';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { toast } from '@/components/ui/toasts';
import { useAction } from '@/lib/use-action';
import { useKept } from '@/lib/use-kept';
import { agentsKey, configKey } from './data';
import { entryOf, modelOf } from './entries';
import { ModelField } from './model-field';
import { useMakeDefault } from './use-make-default';

interface SettingsProps {
  id: string;
  name: string;
  agent: AgentList['agents'][number];
  config: Record<string, unknown>;
  isDefault: boolean;
}

/** How an agent is called, which model it is asked with, and its end. */
export function Settings({ id, name, agent, config, isDefault }: SettingsProps) {
  const { t } = useTranslation('agents');
  const go = useGo();
  const before = modelOf(entryOf(config, id));
  const [called, setCalled] = useKept(name);
  const [emoji, setEmoji] = useKept(agent.identity?.emoji ?? '');
  const [model, setModel] = useKept(before);
  const refresh = [agentsKey, configKey];
  const makeDefault = useMakeDefault();
  const save = useAction(
    () =>
      control.call('agents.update', {
        agentId: id,
        ...(called.trim() !== name ? { name: called.trim() } : {}),
        ...(emoji !== (agent.identity?.emoji ?? '') ? { emoji } : {}),
        ...(model !== before ? { model: model.trim() || null } : {}),
      }),
    { refresh, done: () => t('saved') },
  );
  const remove = useAction(() => control.call('agents.delete', { agentId: id, deleteFiles: true }), {
    refresh,
    onDone: ({ failed }) => {
      toast.good(t('deleted', { name }), failed?.[0] ? { detail: failed[0].reason } : undefined);
      go({ to: '/agents' });
    },
  });
  const askToRemove = async () => {
    const sure = await confirm({
      title: t('delete.title', { name }),
      text: t('delete.text'),
      action: t('delete.do'),
      typed: id,
    });
    if (sure) remove.mutate();
  };
  return (
    <div className="grid max-w-3xl gap-4">
      <Card title={t('settings')}>
        <form
          className="grid gap-4"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            if (called.trim()) save.mutate();
          }}
        >
          <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_8rem]">
            <Field label={t('name')} required>
              <Input value={called} maxLength={80} onChange={(event) => setCalled(event.target.value)} />
            </Field>
            <Field label={t('emoji')}>
              <Input value={emoji} maxLength={8} onChange={(event) => setEmoji(event.target.value)} />
            </Field>
          </div>
          <ModelField value={model} onChange={setModel} />
          <div>
            <Button type="submit" look="primary" busy={save.isPending} disabled={!called.trim()}>
              {t('save')}
            </Button>
          </div>
        </form>
      </Card>
      <Card title={t('default.agent')}>
        <div className="flex flex-wrap items-center gap-3">
          <p className="min-w-0 flex-1 basis-64 text-ink-soft text-sm">
            {t(isDefault ? 'default.is' : 'makeDefault.text')}
          </p>
          {!isDefault && (
            <Button busy={makeDefault.isPending} onClick={() => makeDefault.mutate({ id, name })}>
              <Star aria-hidden />
              {t('makeDefault.do')}
            </Button>
          )}
        </div>
      </Card>
      {id !== 'main' && (
        <Card title={t('delete.do')}>
          <div className="flex flex-wrap items-center gap-3">
            <p className="min-w-0 flex-1 basis-64 text-ink-soft text-sm">{t('delete.text')}</p>
            <Button look="danger" busy={remove.isPending} onClick={() => void askToRemove()}>
              <Trash2 aria-hidden />
              {t('delete')}
            </Button>
          </div>
        </Card>
      )}
    </div>
  );
}
