"""BM25 of another program on the passages that `keyword TOKENS DOCUMENTS WORDS --json` (benches/keyword.rs) makes.

    python benches/peers/passages.py tantivy|bm25s TOKENS [DOCUMENTS] [WORDS]

Same passages, same queries of 4 words, top 10, one thread, warm; prints one JSON line with the same keys. tantivy asks through its
Python binding, which costs some microseconds a query; bm25s is given all queries' tokens at once and then one by one.
"""

import json
import pathlib
import sys
import tempfile
import time

peer, tokens, count, length = sys.argv[1], sys.argv[2], int((sys.argv[3:] or [100_000])[0]), int((sys.argv[4:] or [100])[0])
words = pathlib.Path(tokens).read_text().split(None, count * length)[: count * length]
passages = [words[at : at + length] for at in range(0, len(words), length)]
step = max(len(passages) // 500, 1)
queries = [passage[10:14] for passage in passages[::step][:500]]
folder = tempfile.TemporaryDirectory()


def of_tantivy():
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="whitespace", stored=False)
    builder.add_unsigned_field("row", stored=True)
    index = tantivy.Index(builder.build(), path=folder.name)
    writer = index.writer(heap_size=256_000_000, num_threads=1)
    for row, passage in enumerate(passages):
        writer.add_document(tantivy.Document(text=" ".join(passage), row=row))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher, schema = index.searcher(), index.schema

    def ask(query):
        terms = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "text", word)) for word in query]
        return searcher.search(tantivy.Query.boolean_query(terms), 10, count=False).hits

    return ask


def of_bm25s():
    import bm25s

    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index(passages, show_progress=False)
    index.save(folder.name)
    return lambda query: index.retrieve([query], k=10, show_progress=False, n_threads=1)


begun, cpu = time.perf_counter(), time.process_time()
ask = {"tantivy": of_tantivy, "bm25s": of_bm25s}[peer]()
index_s, index_cpu_s = time.perf_counter() - begun, time.process_time() - cpu
for query in queries:
    ask(query)
cpu, times = time.process_time(), []
for query in queries:
    begun = time.perf_counter()
    ask(query)
    times.append((time.perf_counter() - begun) * 1e3)
cpu = time.process_time() - cpu
times.sort()
size = sum(path.stat().st_size for path in pathlib.Path(folder.name).rglob("*") if path.is_file())
print(json.dumps({"documents": len(passages), "index_s": index_s, "index_cpu_s": index_cpu_s, "bytes": size, "queries": len(times),
                  "query_cpu_s": cpu, "p50_ms": times[len(times) // 2], "p99_ms": times[len(times) * 99 // 100]}))
