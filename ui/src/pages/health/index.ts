import { HeartPulse } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'health',
  label: { en: 'Health and backups', 'zh-CN': '健康与备份' },
  icon: HeartPulse,
  group: 'machine',
  order: 10,
  routes: [{ path: '/health', load: () => import('./page') }],
  keywords: 'healing backup restore tasks report 自愈 备份 恢复 任务 报告',
  permission: 'system.read',
});
