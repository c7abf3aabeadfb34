import { control } from './control';

/** Merge something into the configuration; `change` is given what stands in the file now. Raises `ApiError`, also when somebody else was quicker. */
export async function patchConfig(change: (parsed: Record<string, unknown>) => object): Promise<void> {
  const { parsed, hash } = await control.call('config.get', {});
  await control.call('config.patch', { raw: JSON.stringify(change(parsed)), baseHash: hash });
}
