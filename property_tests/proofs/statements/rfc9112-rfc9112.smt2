; Two nodes of the bare standard: precise clocks, and timers that run before sockets are read.
;
;| race: keepalive-reuse
;| chain:
;|   - { name: c, profile: rfc9112 }
;|   - { name: s, profile: rfc9112 }

(define-fun race () Bool
  (exists ((written Real) (arrived Real) (read Real)   ; the last response
           (closed Real) (fin Real)                    ; the server's close, and its FIN at the client
           (quit Real)                                 ; the client's own close, if nothing is asked
           (asked Real) (reached Real))                ; the next request, and at the server's kernel
    (and (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (rings written |s.downstream.idle_timeout| |s.downstream.loop_stall| closed)
         (travels closed fin)
         (<= arrived fin)                              ; nothing overtakes on one connection
         (rings read |c.upstream.idle_timeout| |c.upstream.loop_stall| quit)
         (<= read asked quit)
         (<= asked fin)                                ; the client could not have known
         (travels asked reached)
         ; Its timers come first: what has been there for a stall can still be unread.
         (<= closed (+ reached |s.downstream.loop_stall|)))))
