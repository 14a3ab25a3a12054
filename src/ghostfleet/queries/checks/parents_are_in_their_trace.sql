-- title: The parent of a span is in its trace, and a trace has one root
-- category: consistency
-- severity: high
-- status: failed
-- tables: spans
-- needs: spans(trace_id, span_id, parent_span_id)
-- message: {count} spans or traces are broken, the first is span {span_id} of trace {trace_id}: {problem}
-- measured: every trace has one root, and every other span a parent
-- advice: Write traces whole; a sample takes traces, never spans.
SELECT child.trace_id, child.span_id, 'its parent is not there' AS problem
FROM spans AS child
ANTI JOIN spans AS parent ON parent.span_id = child.parent_span_id AND parent.trace_id = child.trace_id
WHERE child.parent_span_id IS NOT NULL
UNION ALL
SELECT trace_id, min(span_id), concat(count(*) FILTER (WHERE parent_span_id IS NULL), ' roots')
FROM spans
GROUP BY trace_id
HAVING count(*) FILTER (WHERE parent_span_id IS NULL) <> 1
ORDER BY 1, 2
