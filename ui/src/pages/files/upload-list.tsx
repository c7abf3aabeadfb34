import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { wordsOf } from '@/client/words';
import { Meter } from '@/components/bars';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { useFormats } from '@/lib/format';
import { useStore } from '@/lib/store';
import { again, cancel, isOpen, tidy, type Upload, uploads } from './uploads';

/** What is being uploaded, and how it ended. */
export function UploadList() {
  const { t } = useTranslation('files');
  const all = useStore(uploads);
  if (!all.length) return null;
  return (
    <Card
      title={t('uploads')}
      bodyClassName="p-0"
      aside={
        !all.every(isOpen) && (
          <Button size="small" onClick={tidy}>
            {t('uploads.tidy')}
          </Button>
        )
      }
    >
      <ul className="max-h-56 divide-y divide-line overflow-y-auto">
        {all.map((each) => (
          <Row key={each.id} upload={each} />
        ))}
      </ul>
    </Card>
  );
}

function Row({ upload }: { upload: Upload }) {
  const { t } = useTranslation('files');
  const formats = useFormats();
  const { id, file, state, error } = upload;
  const values = { name: file.name };
  return (
    <li className="flex items-center gap-3 px-4 py-2 text-sm">
      <div className="min-w-0 flex-1">
        <p className="flex gap-3">
          <span className="min-w-0 flex-1 truncate font-medium">{file.name}</span>
          <span className="numbers text-ink-faint text-xs">
            {state === 'running'
              ? t('upload.sent', { sent: formats.bytes(upload.sent), all: formats.bytes(file.size) })
              : t(`upload.${state}`)}
          </span>
        </p>
        {state === 'running' && (
          <Meter share={file.size ? upload.sent / file.size : 0} tone="good" label={t('upload.progress', values)} />
        )}
        {error && (
          <p role="alert" className="break-words text-bad text-xs">
            {wordsOf(error, t)}
          </p>
        )}
      </div>
      {state === 'failed' && error?.code === 'exists' && (
        <Button size="small" onClick={() => again(id, true)}>
          {t('upload.replace')}
        </Button>
      )}
      {(state === 'cancelled' || (state === 'failed' && error?.code !== 'exists')) && (
        <Button size="small" onClick={() => again(id, upload.overwrite)}>
          {t('tryAgain')}
        </Button>
      )}
      {isOpen(upload) && (
        <Button look="quiet" size="small-icon" aria-label={t('upload.cancel', values)} onClick={() => cancel(id)}>
          <X aria-hidden />
        </Button>
      )}
    </li>
  );
}
