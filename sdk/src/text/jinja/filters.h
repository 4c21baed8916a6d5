// The filters, by what they work on; the table of their names and parameters is in filters.cpp.
#pragma once

#include "text/jinja/natives.h"

namespace sotto::jinja {

// filters_text.cpp
Result<Value> filter_capitalize(Context&, const Args&);
Result<Value> filter_center(Context&, const Args&);
Result<Value> filter_escape(Context&, const Args&);
Result<Value> filter_format(Context&, const Args&);
Result<Value> filter_indent(Context&, const Args&);
Result<Value> filter_lower(Context&, const Args&);
Result<Value> filter_replace(Context&, const Args&);
Result<Value> filter_string(Context&, const Args&);
Result<Value> filter_title(Context&, const Args&);
Result<Value> filter_tojson(Context&, const Args&);
Result<Value> filter_trim(Context&, const Args&);
Result<Value> filter_truncate(Context&, const Args&);
Result<Value> filter_upper(Context&, const Args&);
Result<Value> filter_wordcount(Context&, const Args&);

// filters_values.cpp
Result<Value> filter_abs(Context&, const Args&);
Result<Value> filter_attr(Context&, const Args&);
Result<Value> filter_default(Context&, const Args&);
Result<Value> filter_float(Context&, const Args&);
Result<Value> filter_int(Context&, const Args&);
Result<Value> filter_items(Context&, const Args&);
Result<Value> filter_length(Context&, const Args&);
Result<Value> filter_list(Context&, const Args&);
Result<Value> filter_round(Context&, const Args&);

// filters_lists.cpp
Result<Value> filter_batch(Context&, const Args&);
Result<Value> filter_first(Context&, const Args&);
Result<Value> filter_join(Context&, const Args&);
Result<Value> filter_last(Context&, const Args&);
Result<Value> filter_map(Context&, const Args&);
Result<Value> filter_reject(Context&, const Args&);
Result<Value> filter_rejectattr(Context&, const Args&);
Result<Value> filter_reverse(Context&, const Args&);
Result<Value> filter_select(Context&, const Args&);
Result<Value> filter_selectattr(Context&, const Args&);
Result<Value> filter_slice(Context&, const Args&);
Result<Value> filter_sum(Context&, const Args&);

// filters_order.cpp
Result<Value> filter_dictsort(Context&, const Args&);
Result<Value> filter_groupby(Context&, const Args&);
Result<Value> filter_max(Context&, const Args&);
Result<Value> filter_min(Context&, const Args&);
Result<Value> filter_sort(Context&, const Args&);
Result<Value> filter_unique(Context&, const Args&);

/// The value itself when `path` is None; else what "a.b.0" or an index leads to. `fallback` stands in at each step that finds
/// nothing.
Result<Value> lookup(Context& context, const Value& value, const Value& path, const Value* fallback = nullptr);
/// A string without regard to case; everything else as it is.
Result<Value> fold_case(Context& context, const Value& value);

}  // namespace sotto::jinja
