"""What panels do with the QQ and the WeChat account, beyond what the core does with every channel."""
