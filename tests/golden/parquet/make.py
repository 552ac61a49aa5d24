"""Parquet files as the hub has them, and the rows that pyarrow reads back from them: python tests/golden/parquet/make.py"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent

questions = pa.table(
    {
        "question": [f"Anna has {n} apples and finds {n + 1} more. How many?" for n in range(50)],
        "answer": [f"{n} + {n + 1} = {2 * n + 1}\n#### {2 * n + 1}" for n in range(50)],
    }
)
choices = pa.table(
    {
        "question": ["Which is the capital of France?", "2 + 2?", "Größe – ‘naïve’ 日本 🙂?"],
        "subject": ["geography", "sums", "signs"],
        "choices": [["Paris", "Lyon", "Nice", "Lille"], ["3", "4", "5", "6"], ["ä", "é", "ñ", "日"]],
        "answer": pa.array([0, 1, 3], pa.int64()),
    }
)
labelled = pa.table(
    {
        "id": ["a", "b"],
        "question": ["Which one floats?", "Which one sinks?"],
        "choices": [
            {"text": ["wood", "iron"], "label": ["A", "B"]},
            {"text": ["cork", "lead", "ice"], "label": ["A", "B", "C"]},
        ],
        "answerKey": ["A", "B"],
    }
)
numbers = pa.table(
    {
        "question": ["a big one", "a small one", "none"],
        "answer": pa.array([9007199254740993, 7, None], pa.int64()),
        "single": pa.array([0.1, -2.5, 1e10], pa.float32()),
        "double": pa.array([0.1, -2.5, 1e10], pa.float64()),
        "right": pa.array([True, False, None]),
        "when": pa.array([0, 86_400_000, None], pa.timestamp("ms")),
        "image": pa.array(
            [{"bytes": b"\x00\xff", "path": "a.png"}] * 3,
            pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
        ),
    }
)
TABLES = {"questions": questions, "choices": choices, "labelled": labelled, "numbers": numbers}
# The hub's own conversions are SNAPPY in groups of rows; the others are what authors upload.
FORMS = {
    "questions": [("snappy", "1.0"), ("gzip", "2.0"), ("none", "1.0"), ("zstd", "1.0")],
    "choices": [("snappy", "1.0")],
    "labelled": [("snappy", "2.0")],
    "numbers": [("snappy", "1.0")],
}


def plain(value):
    return value.isoformat() if hasattr(value, "isoformat") else value


rows = {}
for name, table in TABLES.items():
    for codec, page in FORMS[name]:
        path = HERE / f"{name}-{codec}.parquet"
        pq.write_table(table, path, compression=codec, data_page_version=page, row_group_size=20)
        assert pq.read_table(path).equals(table)
    texts = table.drop_columns([c for c in ("image",) if c in table.column_names])
    rows[name] = [{key: plain(value) for key, value in row.items()} for row in texts.to_pylist()]
(HERE / "rows.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
