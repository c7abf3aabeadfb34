import { useTranslation } from 'react-i18next';
import { CopyBlock } from '@/components/copy-button';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import type { KeyMade } from './api';

/** The token of a new key: this is the only time that it is known. */
export function NewToken({ made, close }: { made: KeyMade; close(): void }) {
  const { t } = useTranslation('keys');
  const base = location.origin;
  const claude = `export ANTHROPIC_BASE_URL=${base}\nexport ANTHROPIC_AUTH_TOKEN=${made.key}`;
  const openai = `export OPENAI_BASE_URL=${base}/v1\nexport OPENAI_API_KEY=${made.key}`;
  return (
    <Dialog
      open
      insistent
      onOpenChange={(open) => open || close()}
      title={t('made', { name: made.name })}
      description={t('madeText')}
      footer={
        <Button look="primary" onClick={close}>
          {t('haveIt')}
        </Button>
      }
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4 pb-2">
        <div data-testid="new-token">
          <CopyBlock text={made.key} label={t('copyToken')} />
        </div>
        <details className="text-sm">
          <summary className="font-medium">{t('howToUse')}</summary>
          <div className="mt-2 grid grid-cols-[minmax(0,1fr)] gap-3">
            <p className="text-ink-soft">{t('forClaude')}</p>
            <CopyBlock text={claude} label={t('copyLines')} />
            <p className="text-ink-soft">{t('forOpenai')}</p>
            <CopyBlock text={openai} label={t('copyLines')} />
          </div>
        </details>
      </div>
    </Dialog>
  );
}
