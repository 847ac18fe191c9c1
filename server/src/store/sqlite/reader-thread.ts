// The entry point of the reader's Worker. An executable has to list it as an entry point of its own.
import { Reader } from "./reader.ts";
import { serve } from "./thread.ts";

serve(new Reader().calls);
