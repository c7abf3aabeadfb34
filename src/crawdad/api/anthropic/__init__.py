"""Anthropic's routes. Document: https://docs.anthropic.com/en/api"""
