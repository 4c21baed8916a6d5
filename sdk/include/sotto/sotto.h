// Everything: the public interface of Sotto.
#pragma once

#include "sotto/byte_source.h"
#include "sotto/cancel.h"
#include "sotto/chat.h"
#include "sotto/engine.h"
#include "sotto/generation.h"
#include "sotto/incoming_model.h"
#include "sotto/model.h"
#include "sotto/perplexity.h"
#include "sotto/quantize.h"
#include "sotto/result.h"
#include "sotto/session.h"
#include "sotto/tokenizer.h"
#include "sotto/trace.h"
