import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control, useCall } from '@/client/control';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Select, Textarea } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { cronKeys, type Delivery, type Job, type JobWritten, type Misfire, type Payload } from './data';
import { draftOf, newDraft, ownZone, scheduleOf } from './schedule';
import { ScheduleField } from './schedule-field';

/** A job, made or changed. */
export function JobForm({ job, done }: { job?: Job; done(job: Job): void }) {
  const { t } = useTranslation('cron');
  const [name, setName] = useState(job?.name ?? '');
  const [description, setDescription] = useState(job?.description ?? '');
  const [agent, setAgent] = useState(job?.agentId ?? '');
  const [payload, setPayload] = useState<Payload>(job?.payload ?? { kind: 'agentTurn' });
  const [delivery, setDelivery] = useState<Delivery>(job?.delivery ?? { mode: 'none' });
  const [draft, setDraft] = useState(() => (job ? draftOf(job.schedule, Date.now()) : newDraft(Date.now(), ownZone())));
  const [misfire, setMisfire] = useState<Misfire>(job?.misfire ?? { mode: 'run' });
  const [removed, setRemoved] = useState(job?.deleteAfterRun ?? false);
  const agents = useCall('agents.list', {}, { staleTime: 60_000 });
  const schedule = scheduleOf(draft);
  const text = (payload.kind === 'agentTurn' ? payload.message : payload.text) ?? '';
  const ready = Boolean(name.trim() && text.trim() && schedule);
  const save = useAction(
    () => {
      if (!schedule) throw new Error(t('incomplete'));
      const turn = payload.kind === 'agentTurn';
      const written: JobWritten = {
        name: name.trim(),
        description: description.trim(),
        agentId: agent || null,
        deleteAfterRun: draft.kind === 'once' && removed,
        schedule,
        misfire,
        sessionTarget: turn ? 'isolated' : 'main',
        payload: turn
          ? {
              kind: 'agentTurn',
              message: text,
              model: payload.model?.trim() || null,
              timeoutSeconds: payload.timeoutSeconds ?? null,
            }
          : { kind: 'systemEvent', text },
        ...(turn ? { delivery: deliveryWritten(delivery) } : {}),
      };
      return job ? control.call('cron.update', { id: job.id, patch: written }) : control.call('cron.add', written);
    },
    { refresh: cronKeys, silent: true, done: () => t(job ? 'saved' : 'made', { name: name.trim() }), onDone: done },
  );
  return (
    <form
      className="grid grid-cols-[minmax(0,1fr)] gap-4 pb-6"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (ready) save.mutate();
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t('name')} required>
          <Input value={name} maxLength={200} autoComplete="off" onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label={t('agent')}>
          <Select value={agent} onChange={(event) => setAgent(event.target.value)}>
            <option value="">{t('agent.default')}</option>
            {agents.data?.agents.map((each) => (
              <option key={each.id} value={each.id}>
                {each.identity?.name ?? each.name ?? each.id}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Field label={t('what')} hint={t(`what.${payload.kind}.hint`)}>
        <Select
          value={payload.kind}
          onChange={(event) => {
            const kind = event.target.value as Payload['kind'];
            setPayload({ ...payload, kind, ...(kind === 'agentTurn' ? { message: text } : { text }) });
          }}
        >
          <option value="agentTurn">{t('what.agentTurn')}</option>
          <option value="systemEvent">{t('what.systemEvent')}</option>
        </Select>
      </Field>
      <Field label={t(payload.kind === 'agentTurn' ? 'message' : 'reminder')} required>
        <Textarea
          rows={4}
          value={text}
          onChange={(event) =>
            setPayload({
              ...payload,
              ...(payload.kind === 'agentTurn' ? { message: event.target.value } : { text: event.target.value }),
            })
          }
        />
      </Field>
      <ScheduleField draft={draft} onChange={setDraft} />
      <MisfireFields misfire={misfire} onChange={setMisfire} />
      {draft.kind === 'once' && (
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" checked={removed} onChange={(event) => setRemoved(event.target.checked)} />
          {t('deleteAfterRun')}
        </label>
      )}
      {payload.kind === 'agentTurn' && (
        <>
          <DeliveryFields delivery={delivery} onChange={setDelivery} />
          <details className="text-sm" open={Boolean(payload.model || payload.timeoutSeconds)}>
            <summary className="font-medium">{t('more')}</summary>
            <div className="mt-3 grid gap-4 sm:grid-cols-2">
              <ModelField value={payload.model ?? ''} onChange={(model) => setPayload({ ...payload, model })} />
              <Field label={t('timeout')} hint={t('timeoutHint')}>
                <Input
                  type="number"
                  min={0}
                  value={payload.timeoutSeconds ?? ''}
                  onChange={(event) =>
                    setPayload({
                      ...payload,
                      timeoutSeconds: event.target.value === '' ? null : Number(event.target.value),
                    })
                  }
                />
              </Field>
            </div>
          </details>
        </>
      )}
      <Field label={t('description')}>
        <Input value={description} maxLength={2000} onChange={(event) => setDescription(event.target.value)} />
      </Field>
      {save.isError && (
        <p role="alert" className="break-words text-bad text-sm">
          {wordsOf(save.error, t)}
        </p>
      )}
      <div>
        <Button type="submit" look="primary" busy={save.isPending} disabled={!ready}>
          {t(job ? 'save' : 'make')}
        </Button>
      </div>
    </form>
  );
}

function deliveryWritten({ mode, channel, to, bestEffort }: Delivery): Delivery {
  if (mode === 'announce')
    return { mode, channel: channel?.trim() || 'last', to: to?.trim() ?? '', bestEffort: bestEffort ?? false };
  return mode === 'webhook' ? { mode, to: to?.trim() ?? '', bestEffort: bestEffort ?? false } : { mode, to: '' };
}

function DeliveryFields({ delivery, onChange }: { delivery: Delivery; onChange(delivery: Delivery): void }) {
  const { t } = useTranslation('cron');
  const channels = useCall('channels.status', {}, { enabled: delivery.mode === 'announce', staleTime: 60_000 });
  const channel = delivery.channel ?? 'last';
  const known = channels.data?.channelOrder ?? [];
  const shown = known.includes(channel) || channel === 'last' ? known : [channel, ...known];
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label={t('delivery')} hint={t(`delivery.${delivery.mode}.hint`)}>
        <Select
          value={delivery.mode}
          onChange={(event) => onChange({ ...delivery, mode: event.target.value as Delivery['mode'], to: '' })}
        >
          <option value="none">{t('delivery.none')}</option>
          <option value="announce">{t('delivery.announce')}</option>
          <option value="webhook">{t('delivery.webhook')}</option>
        </Select>
      </Field>
      {delivery.mode === 'announce' && (
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('channel')}>
            <Select value={channel} onChange={(event) => onChange({ ...delivery, channel: event.target.value })}>
              <option value="last">{t('channel.last')}</option>
              {shown.map((each) => (
                <option key={each} value={each}>
                  {channels.data?.channelLabels[each] ?? each}
                </option>
              ))}
            </Select>
          </Field>
          <Field label={t('to')}>
            <Input value={delivery.to ?? ''} onChange={(event) => onChange({ ...delivery, to: event.target.value })} />
          </Field>
        </div>
      )}
      {delivery.mode === 'webhook' && (
        <Field label={t('address')} required>
          <Input
            type="url"
            value={delivery.to ?? ''}
            onChange={(event) => onChange({ ...delivery, to: event.target.value })}
          />
        </Field>
      )}
    </div>
  );
}

const misfires = ['run', 'skip', 'run-if-within'] as const;

function MisfireFields({ misfire, onChange }: { misfire: Misfire; onChange(misfire: Misfire): void }) {
  const { t } = useTranslation('cron');
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label={t('misfire')} hint={t('misfire.hint')}>
        <Select
          value={misfire.mode}
          onChange={(event) => {
            const mode = event.target.value as Misfire['mode'];
            onChange(mode === 'run-if-within' ? { mode, seconds: misfire.seconds ?? 3600 } : { mode });
          }}
        >
          {misfires.map((each) => (
            <option key={each} value={each}>
              {t(`misfire.${each}`)}
            </option>
          ))}
        </Select>
      </Field>
      {misfire.mode === 'run-if-within' && (
        <Field label={t('misfire.minutes')}>
          <Input
            type="number"
            min={1}
            value={Math.round((misfire.seconds ?? 3600) / 60)}
            onChange={(event) => onChange({ ...misfire, seconds: Math.max(1, Number(event.target.value)) * 60 })}
          />
        </Field>
      )}
    </div>
  );
}

function ModelField({ value, onChange }: { value: string; onChange(model: string): void }) {
  const { t } = useTranslation('cron');
  const models = useCall('models.list', {}, { staleTime: 60_000 });
  const id = useId();
  return (
    <div>
      <Field label={t('model')} hint={t('modelHint')}>
        <Input list={id} autoComplete="off" value={value} onChange={(event) => onChange(event.target.value)} />
      </Field>
      <datalist id={id}>
        {models.data?.models.map((each) => (
          <option key={`${each.provider}/${each.id}`} value={`${each.provider}/${each.id}`} />
        ))}
      </datalist>
    </div>
  );
}
