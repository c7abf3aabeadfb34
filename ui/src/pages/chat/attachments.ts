/** A file that goes along with what is said. */
export interface Attachment {
  id: string;
  name: string;
  type: string;
  size: number;
  /** A picture as a data: address, or the text of a file. */
  content: string;
  kind: 'image' | 'text';
}

const LARGEST_IMAGE = 5_000_000;
const LARGEST_TEXT = 256_000;

export type Refused = 'tooLarge' | 'notText';

/** Read a file that was chosen, pasted or dropped. Raises why it cannot go along. */
export async function readAttachment(file: File, id: string): Promise<Attachment> {
  const image = /^image\/(png|jpeg|gif|webp)$/.test(file.type);
  if (file.size > (image ? LARGEST_IMAGE : LARGEST_TEXT)) throw 'tooLarge' satisfies Refused;
  if (image) {
    const content = await new Promise<string>((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(String(reader.result));
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(file);
    });
    return { id, name: file.name, type: file.type, size: file.size, content, kind: 'image' };
  }
  let content: string;
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw 'notText' satisfies Refused;
  }
  if (content.includes('\0')) throw 'notText' satisfies Refused;
  return { id, name: file.name, type: file.type, size: file.size, content, kind: 'text' };
}

/** What is said, with the texts of its files behind it. */
export function withFiles(text: string, files: readonly Attachment[]): string {
  const blocks = files
    .filter((file) => file.kind === 'text')
    .map((file) => {
      const runs = file.content.match(/`{3,}/g) ?? [];
      const fence = '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
      return `${file.name}\n${fence}\n${file.content}\n${fence}`;
    });
  return [text, ...blocks].filter(Boolean).join('\n\n');
}
