import { QrCode } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control } from '@/client/control';
import { wordsOf } from '@/client/words';
import { Button } from './ui/button';
import { Input } from './ui/input';
import { toast } from './ui/toasts';

interface SignInStep {
  qrDataUrl?: string;
  qrText?: string;
  message: string;
  state: string;
  connected?: boolean;
  accountId: string;
}

declare module '@/client/control-types' {
  interface ControlMethods {
    'web.login.start': {
      params: { channel: string; accountId?: string; force?: boolean; timeoutMs?: number };
      result: SignInStep;
    };
    'web.login.wait': {
      params: { channel: string; accountId?: string; code?: string; currentQrDataUrl?: string; timeoutMs?: number };
      result: SignInStep;
    };
  }
}

const WAIT_MS = 25_000;
/** States after which nothing more comes. */
const over: ReadonlySet<string> = new Set(['already', 'expired', 'denied', 'failed', 'unsupported']);

interface QrSignInProps {
  channel: string;
  accountId?: string;
  /** Also where somebody is signed in already. */
  force?: boolean;
  onConnected(): void;
}

/** Signs a channel in by a QR code that follows what the phone does. */
export function QrSignIn({ channel, accountId, force, onConnected }: QrSignInProps) {
  const { t } = useTranslation('common');
  const [step, setStep] = useState<SignInStep>();
  const [busy, setBusy] = useState(false);
  const [code, setCode] = useState('');
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const run = async (given?: string) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setBusy(true);
    try {
      const where = { channel, ...(accountId ? { accountId } : {}) };
      const options = { signal: controller.signal, timeoutMs: WAIT_MS + 10_000 };
      let now: SignInStep | undefined = given
        ? step
        : await control.call('web.login.start', { ...where, force }, options);
      setStep(now);
      let word = given;
      while (!controller.signal.aborted && now && !now.connected && !(now.state === 'need_code' && !word)) {
        if (over.has(now.state)) break;
        now = await control.call(
          'web.login.wait',
          { ...where, timeoutMs: WAIT_MS, currentQrDataUrl: now.qrDataUrl, ...(word ? { code: word } : {}) },
          options,
        );
        word = undefined;
        const told = now;
        setStep((before) => ({ ...told, qrDataUrl: told.qrDataUrl ?? before?.qrDataUrl }));
      }
      if (now?.connected) onConnected();
    } catch (fault) {
      if (!controller.signal.aborted) toast.bad(wordsOf(fault, t));
    } finally {
      if (running.current === controller) setBusy(false);
    }
  };

  return (
    <div className="grid justify-items-start gap-3">
      {step?.qrDataUrl && !step.connected && !over.has(step.state) && (
        <img src={step.qrDataUrl} alt={t('qr.alt')} className="size-52 rounded-md bg-white p-2" />
      )}
      {step && (
        <p role="status" className="text-sm">
          {step.message}
        </p>
      )}
      {step?.state === 'need_code' && (
        <form
          className="flex gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            void run(code.trim());
          }}
        >
          <Input
            aria-label={t('qr.code')}
            placeholder={t('qr.code')}
            inputMode="numeric"
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
          <Button type="submit" look="primary">
            {t('qr.send')}
          </Button>
        </form>
      )}
      {!step?.connected && (
        <Button busy={busy && !step} onClick={() => void run()}>
          <QrCode aria-hidden />
          {step ? t('qr.again') : t('qr.show')}
        </Button>
      )}
    </div>
  );
}
