import { MessagesSquare } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'chat',
  label: { en: 'Chat', 'zh-CN': '对话' },
  icon: MessagesSquare,
  group: 'talk',
  order: 10,
  routes: [{ path: '/chat', load: () => import('./chat') }],
  keywords: 'talk conversation session agent model 聊天 会话 智能体 模型',
});
