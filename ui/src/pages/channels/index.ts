import { Radio } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'channels',
  label: { en: 'Channels', 'zh-CN': '渠道' },
  icon: Radio,
  group: 'channels',
  order: 10,
  routes: [{ path: '/channels', load: () => import('./page') }],
  method: 'channels.status',
  keywords: 'telegram wechat qq feishu discord slack pairing qr 微信 飞书 钉钉 配对 扫码',
});
