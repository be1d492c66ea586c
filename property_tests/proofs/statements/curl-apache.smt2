; curl before Apache. curl looks at the socket before it reuses it; a FIN on its way it cannot see.
; Apache may close 100 ms early, and keeps on reading for a while behind its FIN.
;
;| race: keepalive-reuse
;| chain:
;|   - { name: c, profile: curl }
;|   - { name: s, profile: apache }

(define-fun race () Bool
  (exists ((written Real) (arrived Real) (read Real) (closed Real) (fin Real) (quit Real)
           (asked Real) (reached Real))
    (and (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (<= written closed)
         (<= (- (+ written |s.downstream.idle_timeout|) 100000.0) closed)
         (<= closed (+ written |s.downstream.idle_timeout| |s.downstream.loop_stall|))
         (travels closed fin)
         (<= arrived fin)
         (rings read |c.upstream.idle_timeout| |c.upstream.loop_stall| quit)
         (<= read asked quit)
         (<= asked fin)
         (travels asked reached)
         (<= closed reached))))
