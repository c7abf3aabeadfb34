import { ArrowLeftRight } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'requests',
  label: { en: 'Requests', 'zh-CN': '请求' },
  icon: ArrowLeftRight,
  group: 'watch',
  order: 20,
  routes: [{ path: '/requests', load: () => import('./page') }],
  keywords: 'log monitor traffic body 日志 流量 监控 调用',
  permission: 'logs.read',
});
