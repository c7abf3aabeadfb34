import { MessageSquareText } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'activity',
  label: { en: 'Activity', 'zh-CN': '活动日志' },
  icon: MessageSquareText,
  group: 'watch',
  order: 25,
  routes: [{ path: '/activity', load: () => import('./page') }],
  permission: 'logs.read',
  keywords: 'audit events messages history 审计 事件 消息 记录',
});
