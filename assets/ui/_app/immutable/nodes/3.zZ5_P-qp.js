
export{t as component}from"../chunks/DNuJHIcG.js";