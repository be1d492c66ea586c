; An ALB before Envoy. Envoy's idle timer runs from when it hands its response over. When it rings,
; Envoy still serves for the drain timeout of 5 s; then it keeps the socket for another second, and
; neither reads nor sends FIN.
;
;| race: keepalive-reuse
;| chain:
;|   - { name: c, profile: aws-alb }
;|   - { name: s, profile: envoy }

(define-fun race () Bool
  (exists ((handed Real) (part Real) (part_read Real) (window Real)
           (written Real) (arrived Real) (read Real)
           (drains Real) (deaf Real) (closed Real) (fin Real) (quit Real)
           (asked Real) (reached Real))
    (and (or (= written handed)
             (and (travels handed part)
                  (noticed part part_read |c.upstream.loop_stall|)
                  (travels part_read window)
                  (noticed window written |s.downstream.loop_stall|)
                  (or (<= drains window) (<= written drains))))
         (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (rings_cached handed |s.downstream.idle_timeout| |s.downstream.loop_stall| drains)
         (rings_cached drains 5000000.0 |s.downstream.loop_stall| deaf)
         (rings_cached deaf 1000000.0 |s.downstream.loop_stall| closed)
         (travels closed fin)
         (<= arrived fin)
         (rings_cached read |c.upstream.idle_timeout| |c.upstream.loop_stall| quit)
         (<= read asked quit)
         (<= asked fin)
         (travels asked reached)
         (<= deaf reached))))
