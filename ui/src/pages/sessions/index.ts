import { MessagesSquare } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'sessions',
  label: { en: 'Sessions', 'zh-CN': '会话' },
  icon: MessagesSquare,
  group: 'talk',
  order: 30,
  routes: [{ path: '/sessions', load: () => import('./page') }],
  method: 'sessions.list',
  keywords: 'conversation history 历史',
});
