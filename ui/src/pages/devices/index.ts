import { ShieldCheck } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'devices',
  label: { en: 'Devices and approvals', 'zh-CN': '设备与审批' },
  icon: ShieldCheck,
  group: 'channels',
  order: 20,
  routes: [{ path: '/devices', load: () => import('./page') }],
  method: 'device.pair.list',
  keywords: 'pairing nodes tokens allowlist exec 配对 节点 令牌 允许列表',
});
