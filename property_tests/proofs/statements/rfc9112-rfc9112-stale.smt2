; The same pair, but the FIN is in the client's kernel and the client has not looked yet. This client
; pipelines: behind a request that crossed the close it may send another one, and no idle timer keeps
; it from that. The first one must not have arrived before the close, or a RST would come and no FIN.
;
;| race: stale-in-kernel
;| chain:
;|   - { name: c, profile: rfc9112 }
;|   - { name: s, profile: rfc9112 }

(define-fun race () Bool
  (exists ((written Real) (arrived Real) (read Real) (closed Real) (fin Real) (seen Real)
           (quit Real) (first Real) (reached Real) (asked Real))
    (and (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (rings written |s.downstream.idle_timeout| |s.downstream.loop_stall| closed)
         (travels closed fin)
         (<= arrived fin)
         (noticed fin seen |c.upstream.loop_stall|)
         (rings read |c.upstream.idle_timeout| |c.upstream.loop_stall| quit)
         (<= read first quit)
         (travels first reached)
         (<= closed reached)
         (<= first asked)
         (<= fin asked seen))))
