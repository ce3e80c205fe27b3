// Made from /openapi.json by apps/sqlrooms/generate-client.mjs: change the API, not this file.

export interface paths {
    "/api/db/cancel-query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * SQLRooms: gives up a query
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        chunkRows?: number;
                        /** @description A name, and where it looks: `x`, `x@2026-01-31`, `x@version:3`, `x@commit:42` */
                        connectionId?: string;
                        queryId?: string;
                        /** @enum {unknown} */
                        queryType?: "json" | "exec";
                        sql?: string;
                    };
                };
            };
            responses: {
                /** @description Whether there was something to give up */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description Whether it was under way */
                            cancelled: boolean;
                        };
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There was no version of the schema yet, or nothing ran under that id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The answer has none of the accepted forms */
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query was cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/db/execute-query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * SQLRooms: rows as objects
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        chunkRows?: number;
                        /** @description A name, and where it looks: `x`, `x@2026-01-31`, `x@version:3`, `x@commit:42` */
                        connectionId?: string;
                        queryId?: string;
                        /** @enum {unknown} */
                        queryType?: "json" | "exec";
                        sql?: string;
                    };
                };
            };
            responses: {
                /** @description The rows */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There was no version of the schema yet, or nothing ran under that id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The answer has none of the accepted forms */
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query was cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/db/fetch-arrow": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * SQLRooms: rows as Arrow
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        chunkRows?: number;
                        /** @description A name, and where it looks: `x`, `x@2026-01-31`, `x@version:3`, `x@commit:42` */
                        connectionId?: string;
                        queryId?: string;
                        /** @enum {unknown} */
                        queryType?: "json" | "exec";
                        sql?: string;
                    };
                };
            };
            responses: {
                /** @description An Arrow IPC stream */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/vnd.apache.arrow.stream": string;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There was no version of the schema yet, or nothing ran under that id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The answer has none of the accepted forms */
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query was cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/db/fetch-arrow-stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * SQLRooms: rows as Arrow, in frames
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        chunkRows?: number;
                        /** @description A name, and where it looks: `x`, `x@2026-01-31`, `x@version:3`, `x@commit:42` */
                        connectionId?: string;
                        queryId?: string;
                        /** @enum {unknown} */
                        queryType?: "json" | "exec";
                        sql?: string;
                    };
                };
            };
            responses: {
                /** @description Frames of a header's length, a header as JSON, and an Arrow IPC stream */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": string;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There was no version of the schema yet, or nothing ran under that id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The answer has none of the accepted forms */
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query was cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/db/list-catalog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * SQLRooms: the relations of a connection
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        chunkRows?: number;
                        /** @description A name, and where it looks: `x`, `x@2026-01-31`, `x@version:3`, `x@commit:42` */
                        connectionId?: string;
                        queryId?: string;
                        /** @enum {unknown} */
                        queryType?: "json" | "exec";
                        sql?: string;
                    };
                };
            };
            responses: {
                /** @description Names */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There was no version of the schema yet, or nothing ran under that id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The answer has none of the accepted forms */
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query was cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/db/test-connection": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * SQLRooms: whether a connection works
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        chunkRows?: number;
                        /** @description A name, and where it looks: `x`, `x@2026-01-31`, `x@version:3`, `x@commit:42` */
                        connectionId?: string;
                        queryId?: string;
                        /** @enum {unknown} */
                        queryType?: "json" | "exec";
                        sql?: string;
                    };
                };
            };
            responses: {
                /** @description It does */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There was no version of the schema yet, or nothing ran under that id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The answer has none of the accepted forms */
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query was cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/graphql": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The schema as a graph (GraphQL): the same model, by what is asked of it
         * @description Needs the scope `read`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        operationName?: string | null;
                        query: string;
                        variables?: Record<string, never> | null;
                    };
                };
            };
            responses: {
                /** @description The data, or what is wrong with the query */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/query/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives up a query of yours that is under way
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Cancellation"];
                };
            };
            responses: {
                /** @description Whether there was something to give up */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description Whether it was under way */
                            cancelled: boolean;
                        };
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/query/execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Runs a query: on what is there now, or as of a commit, a version or a date
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["QueryRequest"];
                };
            };
            responses: {
                /** @description Its rows */
                200: {
                    headers: {
                        /** @description Where it looked: the commit */
                        "x-commit-seq"?: string;
                        /** @description Of this run */
                        "x-execution-id"?: string;
                        /** @description SHA-256 of the rows */
                        "x-result-hash"?: string;
                        /** @description Where it looked: the version of the schema */
                        "x-schema-version"?: string;
                        /** @description What it ran on: motherduck or postgresql */
                        "x-served-by"?: string;
                        /** @description Whether there are more rows than these */
                        "x-truncated"?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["QueryResponse"];
                        "application/vnd.apache.arrow.stream": string;
                        "text/csv": string;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There was no version of the schema yet, or nothing ran under that id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The answer has none of the accepted forms */
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query was cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/query/generate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A query for a question, written by a language model; it passed the gate and the warehouse has a plan for it. It isn't run
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["GenerateRequest"];
                };
            };
            responses: {
                /** @description The query */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["GenerateResponse"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There was no version of the schema yet */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such query, or none that may run; the detail says why */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute, or the day's budget of questions is used up */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No language model is configured */
                501: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The language model's answer can't be read */
                502: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse or the language model doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The language model takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/query/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Whether a query may run, and what it reads; nothing runs
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["QueryRequest"];
                };
            };
            responses: {
                /** @description Whether it may */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Validation"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There was no version of the schema yet */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/query/verified": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Verified queries, the newest first
         * @description Needs the scope `query`.
         */
        get: {
            parameters: {
                query?: {
                    before?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page of them */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VerifiedQueries"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Keeps a query as the right one for a question: it's shown to the model with questions like it
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["VerifiedRequest"];
                };
            };
            responses: {
                /** @description As it's kept */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VerifiedQuery"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There was no version of the schema yet */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/query/verified/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Withdraws a verified query: whoever verified it, or a reviewer. It stays in the log
         * @description Needs the scope `query`.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It's withdrawn */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Withdrawn"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such verified query */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The reports, the newest first, with what the last look at each found
         * @description Needs the scope `read`.
         */
        get: {
            parameters: {
                query?: {
                    after?: string;
                    state?: "unchecked" | "unchanged" | "data_changed" | "schema_changed" | "fails";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReportList"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Saves a query as a report, pinned to what is there now
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReportRequest"];
                };
            };
            responses: {
                /** @description The answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Report"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such report */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Somebody else was first, or the id is another report's */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Looks whether reports would still give what they gave, as many as there is time for
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CheckedReports"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A report as it's pinned now
         * @description Needs the scope `read`.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Report"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such report */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /**
         * Deletes the report; its history stays
         * @description Needs the scope `query`.
         */
        delete: {
            parameters: {
                query?: {
                    seen?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Deleted"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such report */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Somebody else was first */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports/{id}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Looks whether the report would still give what it gave
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Checked"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such report */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports/{id}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the report differs between two revisions, or a revision and now, and what caused it
         * @description Needs the scope `query`.
         */
        get: {
            parameters: {
                query?: {
                    from?: string;
                    to?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReportDiff"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such report, or revision */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was done with the report, deleted or not, and the last looks at it
         * @description Needs the scope `read`.
         */
        get: {
            parameters: {
                query?: {
                    before?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReportHistory"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such report */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports/{id}/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pins the report to what is there now
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Seen"];
                };
            };
            responses: {
                /** @description The answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Report"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such report */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Somebody else was first, or the id is another report's */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports/{id}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The rows that the report is of: run again at its pin, or as they were kept
         * @description Needs the scope `query`.
         */
        post: {
            parameters: {
                query?: {
                    kept?: boolean;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReportRun"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such report, or revision */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query may not run, or fails; the detail says why and where */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query takes too long */
                504: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/review/conflicts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What waits for a person, or what was decided
         * @description Needs the scope `read`.
         */
        get: {
            parameters: {
                query?: {
                    state?: "open" | "merged" | "kept" | "rejected" | "renamed";
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Conflicts, the oldest first */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/review/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decides: merge, keep both, rename, reject, undo, resume
         * @description Needs the scope `review`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @enum {unknown} */
                        action: "merge" | "keep_both" | "rename" | "reject" | "undo" | "resume";
                        decision?: number;
                        /** Format: uuid */
                        id?: string;
                        into?: {
                            /** @enum {unknown} */
                            kind: "entity_type" | "field";
                            name: string;
                            question?: string;
                            scope: string;
                        };
                        item?: {
                            /** @enum {unknown} */
                            kind: "entity_type" | "field";
                            name: string;
                            question?: string;
                            scope: string;
                        };
                        other?: {
                            /** @enum {unknown} */
                            kind: "entity_type" | "field";
                            name: string;
                            question?: string;
                            scope: string;
                        };
                        reason?: string;
                        seen?: number;
                        to?: string;
                    };
                };
            };
            responses: {
                /** @description What was done, or would be */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The item, or the decision, is not there */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Somebody decided about it meanwhile */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The rules don't allow it; the detail says which */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/review/decisions/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What a decision would change; nothing is decided
         * @description Needs the scope `review`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @enum {unknown} */
                        action: "merge" | "keep_both" | "rename" | "reject" | "undo" | "resume";
                        decision?: number;
                        /** Format: uuid */
                        id?: string;
                        into?: {
                            /** @enum {unknown} */
                            kind: "entity_type" | "field";
                            name: string;
                            question?: string;
                            scope: string;
                        };
                        item?: {
                            /** @enum {unknown} */
                            kind: "entity_type" | "field";
                            name: string;
                            question?: string;
                            scope: string;
                        };
                        other?: {
                            /** @enum {unknown} */
                            kind: "entity_type" | "field";
                            name: string;
                            question?: string;
                            scope: string;
                        };
                        reason?: string;
                        seen?: number;
                        to?: string;
                    };
                };
            };
            responses: {
                /** @description What was done, or would be */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The item, or the decision, is not there */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Somebody decided about it meanwhile */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is not JSON */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The rules don't allow it; the detail says which */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/schema/at/{date}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The schema as it was at a date (the end of that day, UTC) or time
         * @description Needs the scope `read`.
         */
        get: {
            parameters: {
                query?: {
                    format?: "json" | "markdown" | "ddl" | "osi";
                    max_tokens?: number;
                    question?: string;
                };
                header?: never;
                path: {
                    date: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The schema */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Schema"] | Record<string, never>;
                        "application/sql": string;
                        "text/markdown": string;
                    };
                };
                /** @description As the client has it */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such version */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/schema/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The newest version of the schema
         * @description Needs the scope `read`.
         */
        get: {
            parameters: {
                query?: {
                    format?: "json" | "markdown" | "ddl" | "osi";
                    max_tokens?: number;
                    question?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The schema */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Schema"] | Record<string, never>;
                        "application/sql": string;
                        "text/markdown": string;
                    };
                };
                /** @description As the client has it */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/schema/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How two versions differ
         * @description Needs the scope `read`.
         */
        get: {
            parameters: {
                query: {
                    from: number;
                    to: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The changes */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Diff"];
                    };
                };
                /** @description As the client has it */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such version */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/schema/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The versions of the schema, the newest first
         * @description Needs the scope `read`.
         */
        get: {
            parameters: {
                query?: {
                    before?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Versions */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Versions"];
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/schema/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A version of the schema
         * @description Needs the scope `read`.
         */
        get: {
            parameters: {
                query?: {
                    format?: "json" | "markdown" | "ddl" | "osi";
                    max_tokens?: number;
                    question?: string;
                };
                header?: never;
                path: {
                    version: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The schema */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Schema"] | Record<string, never>;
                        "application/sql": string;
                        "text/markdown": string;
                    };
                };
                /** @description As the client has it */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such version */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of an upload, named by its key, up to the version of the schema that has it; or a page of uploads
         * @description Needs the scope `upload`.
         */
        get: {
            parameters: {
                query?: {
                    bucket?: string;
                    key?: string;
                    prefix?: string;
                    state?: string;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description An upload, or uploads */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such upload, or this deployment takes none */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The file changed while it was read */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request doesn't tell its length */
                411: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The file is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The file can't be read; the detail says why */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/uploads/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What would be read of a spreadsheet; nothing is kept
         * @description Needs the scope `upload`.
         */
        post: {
            parameters: {
                query?: {
                    name?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/octet-stream": string;
                };
            };
            responses: {
                /** @description Its sheets with their first rows, and warnings */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such upload, or this deployment takes none */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The file changed while it was read */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request doesn't tell its length */
                411: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The file is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The file can't be read; the detail says why */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/uploads/{table}/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Uploads a spreadsheet into a source table
         * @description Needs the scope `upload`.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    table: string;
                    file: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/octet-stream": string;
                };
            };
            responses: {
                /** @description Where it went */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token, or nobody's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The token hasn't the scope */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such upload, or this deployment takes none */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The file changed while it was read */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request doesn't tell its length */
                411: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The file is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The file can't be read; the detail says why */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many requests within a minute */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OpenAPI 3.1 */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The request is wrong; the detail says what */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The warehouse doesn't answer */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The body of `POST /api/query/cancel`. */
        Cancellation: {
            /** @description As the run was named. */
            id: string;
        };
        /** @description What happened, the newest first. */
        Cause: {
            /** @description Loads and retractions of rows that the query reads. */
            loads: components["schemas"]["LoadCause"][];
            /**
             * Format: uint64
             * @description How many of them are not listed.
             */
            loads_left_out: number;
            /**
             * @description Changes of the schema that can affect the query, each with its version and the decision that caused it, if one did. As in the
             *     difference of two versions.
             */
            schema_changes: unknown[];
            /** Format: uint64 */
            schema_changes_left_out: number;
            /** @description How much there was of what. */
            since: components["schemas"]["Since"];
        };
        ChangedCell: {
            after: unknown;
            before: unknown;
            column: string;
        };
        /** @description A row that both results have, with other values. */
        ChangedRow: {
            cells: components["schemas"]["ChangedCell"][];
            /** @description Values of the key's columns. */
            key: unknown[];
        };
        /** @description A look at a report. */
        Check: {
            /** @description What it gives now, if it ran. */
            after?: components["schemas"]["Fingerprint"] | null;
            /** @description UTC. */
            checked_at: string;
            /** Format: int64 */
            commit_seq: number;
            /** @description Why it can't run. */
            error?: string | null;
            /** @description Why, in a sentence. */
            reason: string;
            /** Format: int64 */
            schema_version: number;
            since: components["schemas"]["Since"];
            state: components["schemas"]["State"];
        };
        /** @description A report that was looked at. */
        Checked: {
            /** @description What it gives now, if it ran. */
            after?: components["schemas"]["Fingerprint"] | null;
            /** @description UTC. */
            checked_at: string;
            /** Format: int64 */
            commit_seq: number;
            /** @description Why it can't run. */
            error?: string | null;
            name: string;
            /** @description Whether the query ran. It doesn't where nothing happened that can matter to it. */
            ran: boolean;
            /** @description Why, in a sentence. */
            reason: string;
            /** Format: uuid */
            report_id: string;
            /** Format: int64 */
            revision: number;
            /** Format: int64 */
            schema_version: number;
            since: components["schemas"]["Since"];
            state: components["schemas"]["State"];
        };
        /** @description Reports that were looked at. */
        CheckedReports: {
            checked: components["schemas"]["Checked"][];
            /** @description Reports that couldn't be looked at now, as something else doesn't answer. */
            failed: string[];
            /**
             * Format: uint64
             * @description Reports that are left to look at: ask again. The others were held against the newest commit.
             */
            left: number;
        };
        Column: {
            name: string;
            /** @description As DuckDB spells it. */
            type: string;
        };
        /** @description A column of a result. */
        Column2: {
            name: string;
            /** @description As DuckDB spells it. */
            type: string;
        };
        ColumnChanges: {
            added: components["schemas"]["Column2"][];
            removed: components["schemas"]["Column2"][];
            /** @description Columns that both have come in another order. */
            reordered: boolean;
            retyped: components["schemas"]["Retyped"][];
        };
        /** @description A report that was deleted. */
        Deleted: {
            /** Format: uuid */
            report_id: string;
            /**
             * Format: int64
             * @description The revision that its deletion is. All earlier ones stay in its history.
             */
            revision: number;
        };
        /** @description How two versions differ. */
        Diff: {
            /**
             * @description Each with its kind (`added`, `removed`, `type_changed`, `meaning_changed`, `names_changed`, `reviewed`) and its compatibility
             *     (`additive`, `widening`, `breaking`).
             */
            changes: unknown[];
            /** Format: int64 */
            from: number;
            /** Format: int64 */
            to: number;
        };
        /** @description A label that a question of an annotated dataset gives. */
        EntityType: {
            /** @description Other names that it has in the data. */
            aliases: string[];
            dataset: string;
            /** @default null */
            description?: string | null;
            /**
             * @description `model:` and its name, or `plain`: made of what stands here, too.
             * @default null
             */
            description_source?: string | null;
            /**
             * Format: uint64
             * @description About, from 256 on.
             */
            document_count: number;
            examples: string[];
            first_seen: string;
            label: string;
            last_seen: string;
            /**
             * Format: uint64
             * @description Spans in submitted responses.
             */
            occurrence_count: number;
            question: string;
            /** Format: uint64 */
            record_count: number;
            /** @description `approved`, or `flagged`: it looks like another, and waits for a person. */
            status: string;
            /** Format: uint64 */
            suggestion_count: number;
        };
        /** @description A column of a source table of structured data. */
        Field: {
            aliases: string[];
            column_name: string;
            /** @description As DuckDB spells it. */
            data_type: string;
            /** @default null */
            description?: string | null;
            /**
             * @description `model:` and its name, or `plain`: made of what stands here, too.
             * @default null
             */
            description_source?: string | null;
            /**
             * Format: uint64
             * @description Different values, about.
             */
            distinct_estimate: number;
            examples: string[];
            first_seen: string;
            last_seen: string;
            /** @default null */
            max_value?: string | null;
            /**
             * @description What the values are, where nearly all are of one kind: `imo_number`, `country_code`, …
             * @default null
             */
            meaning?: string | null;
            /** @default null */
            min_value?: string | null;
            /** Format: uint64 */
            null_count: number;
            nullable: boolean;
            /**
             * Format: uint64
             * @description Rows with a value.
             */
            occurrence_count: number;
            source_table: string;
            status: string;
        };
        /** @description `None` where there's no value. Above 2^53 they are about right. */
        Figures: {
            /** Format: double */
            max?: number | null;
            /** Format: double */
            mean?: number | null;
            /** Format: double */
            min?: number | null;
            /** Format: uint64 */
            nulls: number;
            /** Format: double */
            sum?: number | null;
        };
        /** @description Columns, number of rows, and a hash of the rows. Two results with the same one are the same result. */
        Fingerprint: {
            columns: components["schemas"]["Column2"][];
            /** Format: uint64 */
            row_count: number;
            /** @description SHA-256 of the rows, in hexadecimal; blind to their order. Of floating-point numbers twelve digits count. */
            row_hash: string;
            /** @description The result has more rows than these, and they are not in the hash. */
            truncated: boolean;
        };
        /** @description What is asked. */
        GenerateRequest: {
            /**
             * Format: uint
             * @description How much the model is told of the schema, examples included: 500 to 16,000 tokens; 2,000 if it's left out.
             * @default null
             */
            max_tokens?: number | null;
            /** @description In plain words, 2,000 characters at most. */
            question: string;
        };
        /** @description A query that may run, and that nobody has run. */
        GenerateResponse: {
            /**
             * Format: uint32
             * @description Prompts that it took: 2 if the first answer was refused, or failed.
             */
            attempts: number;
            /** @description Ids of the verified queries that the model was shown. */
            examples_used: string[];
            /** @description What it counts and how, in the model's words. */
            explanation: string;
            model: string;
            /**
             * Format: int64
             * @description The version of the schema that the model was told of.
             */
            schema_version: number;
            sql: string;
            /** @description What it reads, as `schema.name`. */
            tables: string[];
            /** @description What the model assumed, and what it wasn't told. */
            warnings: string[];
        };
        /** @description How many there are, and the first of them. */
        Listed: {
            /** Format: uint64 */
            count: number;
            /**
             * Format: uint64
             * @description How many are not listed.
             */
            left_out: number;
            /** @description At most 50. Rows have the columns of their own result. */
            listed: unknown[][];
        };
        /** @description How many there are, and the first of them. */
        Listed2: {
            /** Format: uint64 */
            count: number;
            /**
             * Format: uint64
             * @description How many are not listed.
             */
            left_out: number;
            /** @description At most 50. Rows have the columns of their own result. */
            listed: components["schemas"]["ChangedRow"][];
        };
        /** @description Loads that happened to what a query reads. */
        LoadCause: {
            bucket: string;
            /** Format: int64 */
            commit_seq: number;
            committed_at: string;
            dataset: string;
            key: string;
            /** @description `load` or `retraction`. */
            kind: string;
            /** Format: uint64 */
            rows: number;
            /**
             * Format: uint64
             * @description Rows of the object's earlier content, which are no longer visible.
             */
            rows_replaced?: number | null;
            /** @description The source table, or the annotated dataset. */
            source?: string | null;
        };
        /** @description How a query looks at the data, and how long it may take. */
        Mode: "live" | "snapshot" | "time_travel";
        /** @description The figures of a numeric column. */
        NumberChange: {
            after: components["schemas"]["Figures"];
            before: components["schemas"]["Figures"];
            column: string;
        };
        /** @description A look at a report, in brief. */
        PastCheck: {
            checked_at: string;
            /** Format: int64 */
            commit_seq: number;
            reason: string;
            /** Format: int64 */
            revision: number;
            /** Format: int64 */
            schema_version: number;
            state: string;
        };
        /** @description RFC 9457 */
        Problem: {
            detail?: string;
            /** @description Of the calls of SQLRooms: the detail, or the title */
            error?: string;
            request_id?: string;
            status: number;
            title: string;
        };
        /** @description The body of a request. */
        QueryRequest: {
            /**
             * Format: int64
             * @description Of snapshot and time travel: the commit, from 1.
             * @default null
             */
            commit_seq?: number | null;
            /**
             * @description Of time travel: the last commit at or before this time (RFC 3339), or by the end of this day (UTC).
             * @default null
             */
            date?: string | null;
            /**
             * @description Of snapshot: an earlier run of yours, which is run again as it was.
             * @default null
             */
            execution_id?: string | null;
            /**
             * @description Names this run, for `POST /api/query/cancel`: a UUID that you make.
             * @default null
             */
            id?: string | null;
            /**
             * Format: uint32
             * @description At least 1, at most what the warehouse gives in one answer; 1,000 if it's left out.
             * @default null
             */
            max_rows?: number | null;
            /** @default live */
            mode?: components["schemas"]["Mode"];
            /**
             * @description Values of `?`, `$1`, … as a list, or of `$name` as an object. Each is null, a boolean, a number, a text, or a list of these.
             * @default null
             */
            parameters?: unknown[] | Record<string, never> | null;
            /**
             * Format: int64
             * @description Of snapshot and time travel: the version of the schema, from 1. Alone it stands for the commit that made it; with `commit_seq` it has to
             *     be the version of then.
             * @default null
             */
            schema_version?: number | null;
            /**
             * @description One query in DuckDB's SQL. Only with `execution_id` it's left out.
             * @default null
             */
            sql?: string | null;
        };
        /** @description The rows of a query. */
        QueryResponse: {
            ast_hash: string;
            /** @description The result was kept from an earlier run of the same query at the same version and commit. */
            cached: boolean;
            columns: components["schemas"]["Column"][];
            /** Format: int64 */
            commit_seq: number;
            execution_id: string;
            /** Format: int64 */
            milliseconds: number;
            mode: components["schemas"]["Mode"];
            /** @description SHA-256 of the rows, blind to their order unless the query gives one. */
            result_hash: string;
            /** Format: uint */
            row_count: number;
            /** @description In the order of the columns. */
            rows: unknown[][];
            /**
             * Format: int64
             * @description Where it looked. The same query there gives the same rows. (A live query may also see a commit that came while it ran.) 0 where
             *     PostgreSQL served it, which has neither versions nor commits.
             */
            schema_version: number;
            served_by: components["schemas"]["ServedBy"];
            /** @description There are more rows than these. */
            truncated: boolean;
            /** @description Of an earlier run that was run again (`execution_id`): whether it gave the same rows. */
            unchanged?: boolean | null;
        };
        /** @description What a query reads. It may name more than is read, never less. */
        Reads: {
            /** @description Names that may be those of columns, in lower case. */
            columns: string[];
            /** @description It reads columns that it doesn't name, as `*` does. */
            every_column: boolean;
            /** @description Relations that are there whatever the schema, such as `annotations`. */
            relations: string[];
            /** @description Source tables whose typed views are read. */
            sources: string[];
        };
        /** @description A report as it's pinned now. */
        Report: {
            ast_hash: string;
            /** @description What the last look at it found; null: nobody has looked since it was pinned. */
            check?: components["schemas"]["Check"] | null;
            /** Format: int64 */
            commit_seq: number;
            created_at: string;
            created_by: string;
            description?: string | null;
            fingerprint: components["schemas"]["Fingerprint"];
            /** @description Whether the result itself is kept; it isn't where it's larger than 64 KiB. */
            is_kept: boolean;
            /** @description Columns that name a row, if somebody said so. */
            key?: string[] | null;
            name: string;
            parameters?: unknown;
            pinned_at: string;
            pinned_by: string;
            reads: components["schemas"]["Reads"];
            /** Format: uuid */
            report_id: string;
            /**
             * Format: int64
             * @description From 1 on; each refreshing makes another.
             */
            revision: number;
            /** Format: int64 */
            schema_version: number;
            sql: string;
            /** @description What about it may surprise. */
            warnings?: string[];
        };
        /** @description How a report differs between two points in time. */
        ReportDiff: {
            cause: components["schemas"]["Cause"];
            columns: components["schemas"]["ColumnChanges"];
            from: components["schemas"]["Side"];
            /** @description The columns by which rows are held against each other; `None`: rows as a whole are. */
            key?: string[] | null;
            /** @description Numeric columns whose figures differ. */
            numbers: components["schemas"]["NumberChange"][];
            /** @description One of the results has more rows than were looked at. */
            partial: boolean;
            /** Format: uuid */
            report_id: string;
            rows: components["schemas"]["RowChanges"];
            to: components["schemas"]["Side"];
        };
        /** @description What was done with a report, and the last looks at it. */
        ReportHistory: {
            checks: components["schemas"]["PastCheck"][];
            /**
             * Format: int64
             * @description Pass it as `before` for older revisions; null: there are none.
             */
            next?: number | null;
            /** @description The newest first. */
            revisions: components["schemas"]["Revision"][];
        };
        /** @description A page of reports. */
        ReportList: {
            /**
             * Format: uuid
             * @description Pass it as `after` for the next page; null: there is none.
             */
            next?: string | null;
            reports: components["schemas"]["Summary"][];
        };
        /** @description A report that somebody makes. */
        ReportRequest: {
            /** @default null */
            description?: string | null;
            /**
             * Format: uuid
             * @description Made by the client, if it wants to be able to ask twice.
             * @default null
             */
            id?: string | null;
            /**
             * @description Columns that together name a row, for differences; if it's left out, they are looked for.
             * @default null
             */
            key?: string[] | null;
            name: string;
            /**
             * @description Values of `?`, `$1`, … as a list, or of `$name` as an object, as in `/api/query/execute`.
             * @default null
             */
            parameters?: unknown;
            /** @description One query in DuckDB's SQL. It may call nothing that gives another value at another time. */
            sql: string;
        };
        /** @description The rows of a report. */
        ReportRun: {
            columns: components["schemas"]["Column2"][];
            /** Format: int64 */
            commit_seq: number;
            fingerprint: components["schemas"]["Fingerprint"];
            /** Format: uuid */
            report_id: string;
            /**
             * @description Whether these are the rows that it gave when it was pinned. False is a fault of this system, or of the query's (a LIMIT without
             *     an order, say).
             */
            reproduced: boolean;
            /** Format: int64 */
            revision: number;
            /** Format: uint */
            row_count: number;
            rows: unknown[][];
            /** Format: int64 */
            schema_version: number;
            /** @description `run`, or `kept`: the rows that were kept when it was pinned. */
            source: string;
            truncated: boolean;
        };
        Retyped: {
            after: string;
            before: string;
            name: string;
        };
        /** @description What was done with a report. */
        Revision: {
            /** @description `created`, `refreshed` or `deleted`. */
            action: string;
            /** Format: int64 */
            commit_seq: number;
            recorded_at: string;
            recorded_by: string;
            /** Format: int64 */
            revision: number;
            /** Format: uint64 */
            row_count: number;
            row_hash: string;
            /** Format: int64 */
            schema_version: number;
        };
        /** @description `before` is `unchanged + changed + removed`, `after` is `unchanged + changed + added`. */
        RowChanges: {
            added: components["schemas"]["Listed"];
            /** Format: uint64 */
            after: number;
            /** Format: uint64 */
            before: number;
            /** @description Only with a key. */
            changed: components["schemas"]["Listed2"];
            removed: components["schemas"]["Listed"];
            /** Format: uint64 */
            unchanged: number;
        };
        /** @description The schema at a version. */
        Schema: {
            /**
             * Format: int64
             * @description The last commit that it takes in.
             */
            commit_seq: number;
            /** @description SHA-256 of the content, in hexadecimal. */
            content_hash: string;
            /** @description UTC, as RFC 3339 has it. */
            created_at: string;
            entity_types: components["schemas"]["EntityType"][];
            fields: components["schemas"]["Field"][];
            /**
             * Format: uint
             * @description Items that were left out to fit a limit.
             */
            left_out?: number;
            /** @description The load, or the decision, that caused it. */
            lineage: unknown;
            /**
             * Format: int64
             * @description `None` for the first, which is empty.
             */
            parent_version?: number | null;
            /** Format: int64 */
            version: number;
        };
        /** @description Which revision somebody has seen last. */
        Seen: {
            /**
             * Format: int64
             * @description If there's a newer one, nothing is done (409). If it's left out, the newest counts.
             * @default null
             */
            seen?: number | null;
        };
        /** @description What a query ran on. */
        ServedBy: "motherduck" | "postgresql";
        /** @description One side of a difference. */
        Side: {
            /** Format: int64 */
            commit_seq: number;
            /**
             * Format: int64
             * @description Null: now.
             */
            revision?: number | null;
            /** Format: int64 */
            schema_version: number;
        };
        /** @description What happened between a report's pin and now, as far as it can matter to the report. */
        Since: {
            /**
             * Format: uint64
             * @description Loads and retractions of rows that it reads.
             */
            loads: number;
            /**
             * Format: uint64
             * @description Other changes of the schema.
             */
            other_schema_changes: number;
            /**
             * Format: uint64
             * @description Changes of the schema that can affect it.
             */
            schema_changes: number;
        };
        /** @description What became of a report. */
        State: "unchanged" | "data_changed" | "schema_changed" | "fails";
        /** @description A line of the list of reports. */
        Summary: {
            checked_at?: string | null;
            /**
             * Format: int64
             * @description How far the last look went: there may have been commits since.
             */
            checked_commit?: number | null;
            /** Format: int64 */
            commit_seq: number;
            created_at: string;
            created_by: string;
            name: string;
            pinned_at: string;
            reason?: string | null;
            /** Format: uuid */
            report_id: string;
            /** Format: int64 */
            revision: number;
            /** Format: int64 */
            schema_version: number;
            /** @description What the last look at it found: `unchecked`, `unchanged`, `data_changed`, `schema_changed`, `fails`. */
            state: string;
        };
        /** @description Whether a query may run. */
        Validation: {
            allowed: boolean;
            /** @description The same for queries that differ only in blanks, comments, the case of keywords, and the values of parameters. */
            ast_hash?: string | null;
            /** Format: uint */
            column?: number | null;
            /**
             * Format: uint
             * @description Where, from 1.
             */
            line?: number | null;
            /** @description Its parameters, as `$1` or `$name`. */
            parameters: string[];
            /** @description Why not. */
            reason?: string | null;
            /** @description What it reads, as `schema.name`. */
            relations: string[];
        };
        /** @description A page of verified queries. */
        VerifiedQueries: {
            /** @description Pass it as `before` for the next page; null: there is none. */
            next?: string | null;
            queries: components["schemas"]["VerifiedQuery"][];
        };
        /** @description A query that somebody marked as the right one for a question. */
        VerifiedQuery: {
            id: string;
            note?: string | null;
            question: string;
            /**
             * Format: int64
             * @description The newest version of the schema then.
             */
            schema_version: number;
            sql: string;
            /** @description UTC, as RFC 3339 has it. */
            verified_at: string;
            verified_by: string;
        };
        /** @description What is to be kept. */
        VerifiedRequest: {
            /**
             * @description For people; 500 characters at most.
             * @default null
             */
            note?: string | null;
            /** @description 2,000 characters at most. */
            question: string;
            /** @description A query that may run: 2,000 characters at most. */
            sql: string;
        };
        /** @description What names a version, and where it came from. */
        Version: {
            /**
             * Format: int64
             * @description The last commit that it takes in.
             */
            commit_seq: number;
            /** @description SHA-256 of the content, in hexadecimal. */
            content_hash: string;
            /** @description UTC, as RFC 3339 has it. */
            created_at: string;
            /** @description The load, or the decision, that caused it. */
            lineage: unknown;
            /**
             * Format: int64
             * @description `None` for the first, which is empty.
             */
            parent_version?: number | null;
            /** Format: int64 */
            version: number;
        };
        /** @description A list of versions. */
        Versions: {
            /**
             * Format: int64
             * @description Pass it as `before` for the next page; null: there is none.
             */
            next?: number | null;
            versions: components["schemas"]["Version"][];
        };
        /** @description What was withdrawn. */
        Withdrawn: {
            withdrawn: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
