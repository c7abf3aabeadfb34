"""DingTalk's stream of events, and what its robots say."""
