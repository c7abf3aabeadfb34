import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSetSearch } from '@/app/links';
import { control, useMethod } from '@/client/control';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Switch } from '@/components/ui/switch';
import { useAction } from '@/lib/use-action';
import { bring, type Candidate, skillsKey } from './api';
import { CandidateFacts } from './candidate-facts';

/** A skill from an address or an archive: looked at first, installed when it was seen what it would have. */
export function AddSkill({ close }: { close(): void }) {
  const { t } = useTranslation('skills');
  const setSearch = useSetSearch();
  const canUpload = useMethod('skills.upload.begin');
  const [from, setFrom] = useState<'address' | 'file'>('address');
  const [address, setAddress] = useState('');
  const [sha256, setSha256] = useState('');
  const [file, setFile] = useState<File>();
  const [name, setName] = useState('');
  const [force, setForce] = useState(false);
  const [found, setFound] = useState<Candidate>();
  const hash = sha256.trim();
  const look = useAction(
    () =>
      from === 'file' && file
        ? bring(file, name.trim(), force, hash)
        : control.call(
            'skills.look',
            { address: address.trim(), ...(hash ? { sha256: hash } : {}) },
            { timeoutMs: 90_000 },
          ),
    { silent: true, onDone: setFound },
  );
  const install = useAction(
    (one: Candidate) =>
      control.call(
        'skills.install',
        { source: 'upload', uploadId: one.uploadId, slug: one.name, force, sha256: one.sha256 },
        { timeoutMs: 60_000 },
      ),
    {
      silent: true,
      refresh: [skillsKey],
      done: (_, one) => t('installed', { name: one.name }),
      onDone: (_, one) => setSearch({ add: undefined, skill: one.name }),
    },
  );
  const ready = from === 'file' ? Boolean(file && name.trim()) : /^https?:\/\//i.test(address.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (found) install.mutate(found);
    else if (ready) look.mutate();
  };
  const fault = found ? install.error : look.error;
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={t('add.title')}
      description={t('add.text')}
      shape="wide"
    >
      <form className="grid grid-cols-[minmax(0,1fr)] gap-4 pb-4" onSubmit={submit}>
        {found ? (
          <CandidateFacts found={found} />
        ) : (
          <>
            {canUpload && (
              <fieldset className="flex flex-wrap gap-4 text-sm">
                <legend className="sr-only">{t('add.from')}</legend>
                {(['address', 'file'] as const).map((each) => (
                  <label key={each} className="flex items-center gap-2">
                    <input type="radio" name="from" checked={from === each} onChange={() => setFrom(each)} />
                    {t(`add.from.${each}`)}
                  </label>
                ))}
              </fieldset>
            )}
            {from === 'address' ? (
              <Field label={t('add.address')} hint={t('add.addressHint')}>
                <Input inputMode="url" value={address} onChange={(event) => setAddress(event.target.value)} />
              </Field>
            ) : (
              <>
                <Field label={t('add.file')} hint={t('add.fileHint')}>
                  <Input
                    type="file"
                    accept=".zip,.tar,.gz,.tgz,.xz,.bz2"
                    className="h-auto py-1.5"
                    onChange={(event) => {
                      const chosen = event.target.files?.[0];
                      setFile(chosen);
                      if (chosen) setName(chosen.name.replace(/\.(zip|tar|tgz|tar\.\w+)$/i, ''));
                    }}
                  />
                </Field>
                <Field label={t('add.name')} hint={t('add.nameHint')}>
                  <Input value={name} autoComplete="off" onChange={(event) => setName(event.target.value)} />
                </Field>
              </>
            )}
            <Field label={t('add.hash')} hint={from === 'address' ? t('add.hashHint') : t('add.hashHintFile')}>
              <Input
                value={sha256}
                autoComplete="off"
                className="font-mono"
                onChange={(event) => setSha256(event.target.value)}
              />
            </Field>
            <Field
              label={t('add.force')}
              hint={t('add.forceHint')}
              className="grid-cols-[1fr_auto] items-center [&>p]:col-span-2"
            >
              <Switch checked={force} onCheckedChange={setForce} />
            </Field>
          </>
        )}
        {fault && (
          <p role="alert" className="break-words rounded-md bg-bad-wash px-3 py-2 text-sm">
            {wordsOf(fault, t)}
          </p>
        )}
        <div className="flex flex-wrap justify-end gap-2">
          {found && (
            <Button
              onClick={() => {
                install.reset();
                setFound(undefined);
              }}
            >
              {t('back')}
            </Button>
          )}
          <Button onClick={close}>{t('cancel')}</Button>
          <Button type="submit" look="primary" busy={look.isPending || install.isPending} disabled={!found && !ready}>
            {found ? t('add.install') : t('add.look')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
