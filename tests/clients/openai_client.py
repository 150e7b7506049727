"""The official OpenAI client against /v1/embeddings. Run by hand beside a service: see README.md."""

import math
import os

import openai

client = openai.OpenAI(base_url=os.environ["SEMEME_URL"] + "/v1", api_key=os.environ["SEMEME_KEY"], max_retries=0)
texts = ["the bank lends money", "a boat on the river"]

# The client asks for base64 unless it is told otherwise, and decodes it.
default = client.embeddings.create(model="demo-en", input=texts)
numbers = client.embeddings.create(model="demo-en", input=texts, encoding_format="float")
assert [item.index for item in default.data] == [0, 1]
for a, b in zip(default.data, numbers.data):
    assert len(a.embedding) == len(b.embedding) == 50
    assert max(abs(x - y) for x, y in zip(a.embedding, b.embedding)) < 1e-6
    assert abs(math.fsum(x * x for x in b.embedding) - 1) < 1e-4
base64 = client.embeddings.create(model="demo-en", input=texts[0], encoding_format="base64")
assert isinstance(base64.data[0].embedding, str)
assert default.usage.prompt_tokens == 9, default.usage

for expected, ask in [
    (openai.AuthenticationError, lambda: client.with_options(api_key="wrong").embeddings.create(model="demo-en", input="x")),
    (openai.NotFoundError, lambda: client.embeddings.create(model="none", input="river")),
    (openai.UnprocessableEntityError, lambda: client.embeddings.create(model="demo-en", input="xyzzy")),
]:
    try:
        ask()
    except expected as error:
        assert error.body["code"], error.body
    else:
        raise AssertionError(f"no {expected.__name__}")
print(f"openai {openai.__version__}: numbers, base64 and errors as the client knows them")
