"""wechatbot-webhook (2.8): a bridge to WeChat's web protocol, spelled both ways."""
