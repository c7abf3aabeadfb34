import type { Language, Words } from '@/i18n';

export interface ChannelField {
  /** Its key below `channels.<id>`. */
  name: string;
  label: Words;
  secret?: boolean;
}

export interface ChannelKind {
  id: string;
  label: Words;
  /** What has to be known before it can be tried; channels without are signed in by a QR code, or need nothing. */
  fields: readonly ChannelField[];
  qr?: boolean;
  /** What else its block in the configuration may be called. */
  aliases?: readonly string[];
}

const same = (text: string): Words => ({ en: text, 'zh-CN': text });
const secret = (name: string, label: Words): ChannelField => ({ name, label, secret: true });
const plain = (name: string, label: Words): ChannelField => ({ name, label });

/** The channels that the gateway has, and what each needs (docs/channels.md). */
export const kinds: readonly ChannelKind[] = [
  {
    id: 'openclaw-weixin',
    label: { en: 'WeChat', 'zh-CN': '微信' },
    fields: [],
    qr: true,
    aliases: ['weixin'],
  },
  {
    id: 'telegram',
    label: same('Telegram'),
    aliases: ['tg'],
    fields: [secret('botToken', { en: 'Bot token from @BotFather', 'zh-CN': '@BotFather 给出的机器人令牌' })],
  },
  {
    id: 'feishu',
    label: { en: 'Feishu / Lark', 'zh-CN': '飞书' },
    aliases: ['lark'],
    fields: [plain('appId', same('App ID')), secret('appSecret', same('App Secret'))],
  },
  {
    id: 'dingtalk',
    label: { en: 'DingTalk', 'zh-CN': '钉钉' },
    fields: [plain('clientId', same('Client ID')), secret('clientSecret', same('Client Secret'))],
  },
  {
    id: 'wecom',
    label: { en: 'WeCom', 'zh-CN': '企业微信' },
    fields: [
      plain('botId', { en: 'ID of the bot', 'zh-CN': '机器人 ID' }),
      secret('secret', { en: 'Secret of the bot', 'zh-CN': '机器人密钥' }),
    ],
  },
  {
    id: 'qq',
    label: { en: 'QQ (OneBot 11)', 'zh-CN': 'QQ（OneBot 11）' },
    aliases: ['onebot', 'napcat'],
    fields: [
      plain('wsUrl', { en: 'WebSocket address of NapCat', 'zh-CN': 'NapCat 的 WebSocket 地址' }),
      secret('accessToken', { en: 'Access token', 'zh-CN': '访问令牌' }),
    ],
  },
  { id: 'qqbot', label: { en: 'QQ (official bot)', 'zh-CN': 'QQ 官方机器人' }, fields: [], qr: true },
  {
    id: 'wechat',
    label: { en: 'WeChat (wechatbot-webhook)', 'zh-CN': '微信（wechatbot-webhook）' },
    aliases: ['wechatbot-webhook'],
    fields: [
      plain('apiUrl', { en: 'Address of the bridge', 'zh-CN': '桥接程序的地址' }),
      secret('token', { en: 'Token of the bridge', 'zh-CN': '桥接程序的令牌' }),
    ],
  },
  {
    id: 'discord',
    label: same('Discord'),
    fields: [secret('token', { en: 'Token of the bot', 'zh-CN': '机器人令牌' })],
  },
  {
    id: 'slack',
    label: same('Slack'),
    fields: [
      secret('botToken', { en: 'Bot token (xoxb-…)', 'zh-CN': '机器人令牌（xoxb-…）' }),
      secret('appToken', { en: 'App token (xapp-…)', 'zh-CN': '应用令牌（xapp-…）' }),
    ],
  },
  {
    id: 'email',
    label: { en: 'E-mail', 'zh-CN': '电子邮件' },
    fields: [
      plain('imapHost', { en: 'IMAP server', 'zh-CN': 'IMAP 服务器' }),
      plain('imapUsername', { en: 'User name', 'zh-CN': '用户名' }),
      secret('imapPassword', { en: 'Password', 'zh-CN': '密码' }),
      plain('smtpHost', { en: 'SMTP server', 'zh-CN': 'SMTP 服务器' }),
    ],
  },
  { id: 'webchat', label: { en: 'Web chat', 'zh-CN': '网页聊天' }, fields: [] },
];

/** Those where a phone signs in by a code, some of them after they were set up. */
const signedIn = new Set(['openclaw-weixin', 'qqbot', 'qq', 'wechat']);
export const hasSignIn = (channel: string): boolean => signedIn.has(channel);

/** What a channel is called: as the gateway has it where it is one of a plugin. */
export const labelOf = (channel: string, told: string | undefined, language: string): string =>
  kinds.find((each) => each.id === channel)?.label[language as Language] ?? told ?? channel;
