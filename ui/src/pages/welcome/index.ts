import { Rocket } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'welcome',
  label: { en: 'Getting started', 'zh-CN': '快速开始' },
  icon: Rocket,
  group: 'watch',
  order: 900,
  routes: [{ path: '/welcome', load: () => import('./welcome') }],
  keywords: 'setup first run guide wizard provider key claude code 设置 向导 新手 接入',
  permission: 'config.write',
});
