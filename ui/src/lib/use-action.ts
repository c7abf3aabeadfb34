import { type QueryKey, type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { wordsOf } from '@/client/words';
import { toast } from '@/components/ui/toasts';

interface ActionOptions<Input, Result> {
  /** What to say when it is done; nothing is said without it. */
  done?(result: Result, input: Input): string | undefined;
  /** What it changes, to be asked for anew, also when it failed. */
  refresh?: readonly QueryKey[];
  /** It writes over what is shown, which must not have changed meanwhile: it lasts until that has been asked for anew. */
  overShown?: boolean;
  onDone?(result: Result, input: Input): void;
  /** Where the failure is shown beside what was entered. */
  silent?: boolean;
}

/** What a press of a button does: it says when it failed, and what it changed is asked for anew. */
export function useAction<Input = void, Result = unknown>(
  run: (input: Input) => Promise<Result>,
  options: ActionOptions<Input, Result> = {},
): UseMutationResult<Result, Error, Input> {
  const { t } = useTranslation('common');
  const queries = useQueryClient();
  return useMutation<Result, Error, Input>({
    mutationFn: run,
    onSuccess(result, input) {
      const words = options.done?.(result, input);
      if (words) toast.good(words);
      options.onDone?.(result, input);
    },
    onError(error) {
      if (!options.silent) toast.bad(wordsOf(error, t));
    },
    async onSettled() {
      const asked = (options.refresh ?? []).map((queryKey) => queries.invalidateQueries({ queryKey }));
      if (options.overShown) await Promise.all(asked);
    },
  });
}
