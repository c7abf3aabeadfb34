import { ScrollText } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'logs',
  label: { en: 'Logs', 'zh-CN': '日志' },
  icon: ScrollText,
  group: 'machine',
  order: 20,
  routes: [{ path: '/logs', load: () => import('./page') }],
  keywords: 'log tail error trace 日志 报错 跟踪',
  method: 'logs.tail',
});
