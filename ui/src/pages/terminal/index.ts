import { SquareTerminal } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'terminal',
  label: { en: 'Terminal', 'zh-CN': '终端' },
  icon: SquareTerminal,
  group: 'machine',
  order: 50,
  routes: [{ path: '/terminal', load: () => import('./page') }],
  keywords: 'shell tui console command line 命令行 控制台',
  permission: 'system.manage',
});
