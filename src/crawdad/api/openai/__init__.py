"""OpenAI's routes. Document: https://platform.openai.com/docs/api-reference"""
