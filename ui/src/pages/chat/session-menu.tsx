import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Eraser, Pencil, Shrink, SlidersHorizontal, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useGo } from '@/app/links';
import { control, useCall } from '@/client/control';
import type { SessionRow } from '@/client/control-types';
import { sessionName } from '@/client/session-names';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { Menu, MenuItem, MenuLine } from '@/components/ui/menu';
import { toast } from '@/components/ui/toasts';
import './methods';

const levels = ['off', 'minimal', 'low', 'medium', 'high'] as const;

/** What can be done with a session: its settings, renaming, beginning anew, deleting. */
export function SessionMenu({ sessionKey, row }: { sessionKey: string; row?: SessionRow }) {
  const { t } = useTranslation('chat');
  const go = useGo();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState(false);
  const deed = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onError: (fault) => toast.bad(wordsOf(fault, t)),
    onSettled: () => queries.invalidateQueries({ queryKey: ['control'] }),
  });
  const reset = async () => {
    const sure = await confirm({
      title: t('reset.title'),
      text: t('reset.text'),
      action: t('reset.do'),
      tone: 'primary',
    });
    if (sure) deed.mutate(() => control.call('sessions.reset', { key: sessionKey }));
  };
  const remove = async () => {
    const sure = await confirm({ title: t('remove.title'), text: t('remove.text'), action: t('remove.do') });
    if (!sure) return;
    deed.mutate(async () => {
      await control.call('sessions.delete', { key: sessionKey, deleteTranscript: true });
      go({ to: '/chat' });
    });
  };
  return (
    <>
      <Menu
        trigger={
          <Button look="quiet" size="icon" aria-label={t('sessionMenu')}>
            <SlidersHorizontal aria-hidden />
          </Button>
        }
      >
        <MenuItem onSelect={() => setDialog(true)}>
          <Pencil aria-hidden />
          {t('settings')}
        </MenuItem>
        <MenuItem onSelect={() => deed.mutate(() => control.call('sessions.compact', { key: sessionKey }))}>
          <Shrink aria-hidden />
          {t('compact')}
        </MenuItem>
        <MenuItem onSelect={() => void reset()}>
          <Eraser aria-hidden />
          {t('reset.do')}
        </MenuItem>
        <MenuLine />
        <MenuItem tone="bad" onSelect={() => void remove()}>
          <Trash2 aria-hidden />
          {t('remove.do')}
        </MenuItem>
      </Menu>
      {dialog && <Settings sessionKey={sessionKey} row={row} close={() => setDialog(false)} />}
    </>
  );
}

function Settings({ sessionKey, row, close }: { sessionKey: string; row?: SessionRow; close(): void }) {
  const { t } = useTranslation('chat');
  const queries = useQueryClient();
  const models = useCall('models.list', {}, { staleTime: 60_000 });
  const [label, setLabel] = useState(row ? sessionName(row) : '');
  const [thinking, setThinking] = useState(row?.thinkingLevel ?? '');
  const current = row?.model ? `${row.modelProvider}/${row.model}` : '';
  const [model, setModel] = useState('');
  const save = useMutation({
    mutationFn: () =>
      control.call('sessions.patch', {
        key: sessionKey,
        ...(row && label === sessionName(row) ? {} : { label: label || null }),
        thinkingLevel: thinking || null,
        ...(model ? { model } : {}),
      }),
    onError: (fault) => toast.bad(wordsOf(fault, t)),
    onSuccess: () => {
      toast.good(t('saved'));
      close();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['control'] }),
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={t('settings')}
      footer={
        <>
          <Button onClick={close}>{t('cancel')}</Button>
          <Button look="primary" busy={save.isPending} onClick={() => save.mutate()}>
            {t('save')}
          </Button>
        </>
      }
    >
      <div className="grid gap-4 pb-2">
        <Field label={t('title')}>
          <Input value={label} maxLength={64} onChange={(event) => setLabel(event.target.value)} />
        </Field>
        <Field label={t('model')} hint={current && t('modelNow', { model: current })}>
          <Select value={model} onChange={(event) => setModel(event.target.value)}>
            <option value="">{t('unchanged')}</option>
            {models.data?.models
              .filter((each) => each.provider !== 'openclaw')
              .map((each) => (
                <option key={`${each.provider}/${each.id}`} value={`${each.provider}/${each.id}`}>
                  {`${each.provider}/${each.id}`}
                </option>
              ))}
          </Select>
        </Field>
        <Field label={t('thinking')}>
          <Select value={thinking} onChange={(event) => setThinking(event.target.value)}>
            <option value="">{t('thinking.default')}</option>
            {levels.map((level) => (
              <option key={level} value={level}>
                {t(`thinking.${level}`)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
    </Dialog>
  );
}
