"""Google's Gemini routes, under `/v1beta` and `/v1`. Document: https://ai.google.dev/api"""
