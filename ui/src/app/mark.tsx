import { cn } from '@/lib/cn';
import mark from './mark.svg';

export function Mark({ className }: { className?: string }) {
  return <img src={mark} alt="" className={cn('size-7', className)} />;
}
