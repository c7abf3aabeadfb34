import { CalendarClock } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'cron',
  label: { en: 'Schedule', 'zh-CN': '定时任务' },
  icon: CalendarClock,
  group: 'talk',
  order: 40,
  routes: [{ path: '/cron', load: () => import('./page') }],
  method: 'cron.list',
  keywords: 'cron jobs timer calendar 日程 计划',
});
