// The entry point of the writer's Worker. An executable has to list it as an entry point of its own.

import { serve } from "./thread.ts";
import { Writer } from "./writer.ts";

serve(new Writer().calls);
